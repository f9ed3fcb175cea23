#include "library.h"

#include <dlfcn.h>
#include <string.h>

bool bench_library_load(const char *path, const struct bench_symbol *symbols, size_t count,
                        struct bench_error *error)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return bench_fail(error, "load", dlerror());
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(library, symbols[i].name);
        if (address == NULL) return bench_fail(error, symbols[i].name, "not in the library");
        memcpy(symbols[i].slot, &address, sizeof address); /* C has no cast between the two */
    }
    return true;
}
