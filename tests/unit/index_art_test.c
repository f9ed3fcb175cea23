/* Random keys against a sorted array: all node sizes, long common prefixes, versions kept while
 * newer ones are made, lack of memory at every position. */
#include "index/art.h"
#include "store_testing.h"

enum { KEYS_MAX = 3000, KEY_BYTES_MAX = 64 };

struct key_bytes {
    uint8_t data[KEY_BYTES_MAX];
    uint32_t len;
};

/* The keys that are in, in order. */
struct sorted {
    struct key_bytes keys[KEYS_MAX];
    uint32_t count;
};

static int compare_keys(const struct key_bytes *a, const struct key_bytes *b)
{
    uint32_t n = a->len < b->len ? a->len : b->len;
    int c = memcmp(a->data, b->data, n);
    return c != 0 ? c : (int)a->len - (int)b->len;
}

static uint32_t position(const struct sorted *s, const struct key_bytes *key, bool *out_there)
{
    uint32_t low = 0;
    uint32_t high = s->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (compare_keys(&s->keys[middle], key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out_there = low < s->count && compare_keys(&s->keys[low], key) == 0;
    return low;
}

static void put(struct sorted *s, const struct key_bytes *key)
{
    bool there;
    uint32_t at = position(s, key, &there);
    if (there) return;
    assert_true(s->count < KEYS_MAX);
    memmove(&s->keys[at + 1], &s->keys[at], (s->count - at) * sizeof *s->keys);
    s->keys[at] = *key;
    s->count++;
}

static void take(struct sorted *s, uint32_t at)
{
    memmove(&s->keys[at], &s->keys[at + 1], (s->count - at - 1) * sizeof *s->keys);
    s->count--;
}

/* Text without zero bytes, closed by one, and a row id: no key begins another. */
static struct key_bytes random_key(uint64_t *seed, uint32_t kind)
{
    struct key_bytes key = {.len = 0};
    uint32_t letters = kind == 0 ? 2 : kind == 1 ? 200 : 20;
    uint32_t len = kind == 0 ? test_below(seed, 40) : kind == 1 ? 2 : 20 + test_below(seed, 4);
    for (uint32_t i = 0; i < len; i++)
        key.data[key.len++] = (uint8_t)(kind == 2 && i < 18 ? 'x' : 1 + test_below(seed, letters));
    key.data[key.len++] = 0;
    uint64_t row = test_below(seed, kind == 1 ? 400 : 3);
    for (int i = 7; i >= 0; i--)
        key.data[key.len++] = (uint8_t)(row >> (8 * i));
    return key;
}

struct walk {
    const struct sorted *expected;
    uint32_t at;
};

static bool walk_leaf(void *arg, struct art_leaf *leaf)
{
    struct walk *walk = arg;
    const struct key_bytes *key = &walk->expected->keys[walk->at++];
    assert_true(walk->at <= walk->expected->count);
    assert_int_equal(leaf->len, key->len);
    assert_memory_equal(leaf->key, key->data, key->len);
    return true;
}

/* Lookups and walks find exactly what the array holds. */
static void expect_found(art_ref root, const struct sorted *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        assert_non_null(art_find(root, s->keys[i].data, s->keys[i].len));
    for (uint32_t i = 0; i < s->count;) { /* all rows of each value */
        uint32_t len = s->keys[i].len - 8;
        struct walk walk = {s, i};
        art_each(root, s->keys[i].data, len, walk_leaf, &walk);
        while (i < s->count && s->keys[i].len - 8 == len &&
               memcmp(s->keys[i].data, s->keys[walk.at - 1].data, len) == 0)
            i++;
        assert_int_equal(walk.at, i);
    }
}

/* The tree holds what the array holds, and is sound. For the newest version only: the check links
 * nodes through the field that garbage is linked with. */
static void expect_same(art_ref root, const struct sorted *s)
{
    uint64_t leaves;
    assert_true(art_check(root, &leaves));
    assert_int_equal(leaves, s->count);
    expect_found(root, s);
}

/* A change like those of the index: it leaves garbage that older versions need. */
static void change_some(art_ref *root, struct sorted *s, uint64_t *version, uint64_t *seed,
                        uint32_t kind, struct art_node **out_garbage, struct art_leaf **out_leaves)
{
    struct art_change change = {.owner = ++*version, .root = *root};
    uint32_t n = 1 + test_below(seed, 60);
    bool grow = s->count < 50 || (test_below(seed, 2) && s->count < KEYS_MAX - 100);
    for (uint32_t i = 0; i < n; i++) {
        if (grow || s->count == 0) {
            struct key_bytes key = random_key(seed, kind);
            bool made, there;
            position(s, &key, &there);
            assert_non_null(art_insert(&change, key.data, key.len, &made));
            assert_int_equal(made, !there);
            put(s, &key);
        } else {
            uint32_t at = test_below(seed, s->count);
            struct art_leaf *leaf = art_find(change.root, s->keys[at].data, s->keys[at].len);
            assert_non_null(leaf);
            assert_true(art_remove(&change, leaf));
            leaf->next = *out_leaves;
            *out_leaves = leaf;
            take(s, at);
        }
    }
    *root = change.root;
    *out_garbage = change.garbage;
}

static void free_leaves(struct art_leaf *leaf)
{
    while (leaf != NULL) {
        struct art_leaf *next = leaf->next;
        mem_free(leaf);
        leaf = next;
    }
}

static void random_changes(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    static struct sorted now, before;
    for (uint32_t kind = 0; kind < 3; kind++) {
        uint64_t seed = 12345 + kind, version = 0;
        art_ref root = 0;
        now.count = 0;
        for (uint32_t round = 0; round < 400; round++) {
            art_ref old = root;
            struct art_node *garbage = NULL;
            struct art_leaf *leaves = NULL;
            before = now;
            change_some(&root, &now, &version, &seed, kind, &garbage, &leaves);
            if (round % 8 == 0) {
                expect_same(root, &now);
                expect_found(old, &before); /* untouched by what came later */
            }
            art_free_garbage(garbage);
            free_leaves(leaves);
        }
        expect_same(root, &now);
        art_free(root);
        assert_int_equal(mem_used_bytes(), used);
    }
}

static void one_byte_fans_out(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    struct art_change change = {.owner = 1};
    static struct sorted s;
    s.count = 0;
    for (uint32_t i = 0; i < 256; i++) { /* 4, 16, 48, 256 */
        struct key_bytes key = {.len = 10};
        key.data[0] = (uint8_t)(i * 37);
        bool made;
        assert_non_null(art_insert(&change, key.data, key.len, &made));
        put(&s, &key);
        expect_same(change.root, &s);
    }
    while (s.count != 0) { /* and back */
        uint32_t at = (s.count * 7) % s.count;
        struct art_leaf *leaf = art_find(change.root, s.keys[at].data, s.keys[at].len);
        assert_true(art_remove(&change, leaf));
        mem_free(leaf);
        take(&s, at);
        expect_same(change.root, &s);
    }
    assert_true(change.root == 0);
    assert_int_equal(mem_used_bytes(), used);
}

/* A change that fails anywhere is thrown away; the published version is whole. */
static void lack_of_memory(void **state)
{
    (void)state;
    int64_t used = mem_used_bytes();
    static struct sorted s;
    uint64_t seed = 99, version = 0;
    art_ref root = 0;
    struct art_node *garbage = NULL;
    struct art_leaf *leaves = NULL;
    s.count = 0;
    while (s.count < 300) {
        change_some(&root, &s, &version, &seed, 0, &garbage, &leaves);
        art_free_garbage(garbage);
        free_leaves(leaves);
        leaves = NULL;
    }
    int64_t before = mem_used_bytes();
    for (int64_t n = 1; n < 60; n++) {
        struct art_change change = {.owner = ++version, .root = root};
        mem_fail_nth(n, true);
        uint64_t again = 4711;
        for (uint32_t i = 0; i < 20; i++) {
            struct key_bytes key = random_key(&again, 0);
            bool made;
            if (art_insert(&change, key.data, key.len, &made) == NULL) break;
        }
        struct art_leaf *removed = NULL;
        for (uint32_t i = 0; i < 20; i++) {
            struct art_leaf *leaf = art_find(change.root, s.keys[i * 5].data, s.keys[i * 5].len);
            if (leaf == NULL || !art_remove(&change, leaf)) break;
            removed = leaf; /* still in the published version */
        }
        (void)removed;
        mem_fail_nth(0, false);
        uint64_t count;
        assert_true(art_check(change.root, &count));
        art_discard(&change);
        expect_same(root, &s);
        assert_int_equal(mem_used_bytes(), before);
    }
    art_free(root);
    assert_int_equal(mem_used_bytes(), used);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_changes),
        cmocka_unit_test(one_byte_fans_out),
        cmocka_unit_test(lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
