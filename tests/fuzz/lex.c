/* lex.c -- tokens follow each other through any bytes, and the lexer ends. */
#include "sql/lex.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lexer lexer = {.text = (const char *)data, .len = (uint32_t)size};
    if (size > 0) lexer.brackets = data[0] & 1;
    uint32_t at = 0;
    for (;;) {
        struct token token = sql_lex(&lexer);
        FUZZ_CHECK(token.at >= at);
        FUZZ_CHECK(token.at <= size && token.len <= size - token.at);
        FUZZ_CHECK(lexer.at == token.at + token.len);
        FUZZ_CHECK(sql_token_text(token.code) != NULL);
        if (token.code == 0) break;
        FUZZ_CHECK(token.len > 0);
        at = token.at + token.len;
    }
    FUZZ_CHECK(lexer.at == size);
    return 0;
}
