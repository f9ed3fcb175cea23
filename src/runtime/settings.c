/* settings.c -- SET, RESET, SHOW: every setting, its values and what it stands for. */
#include <string.h>

#include "func/function.h"
#include "runtime/session.h"

struct setting {
    const char *name;
    /* Take a value that was given as text; false: it is none of this setting's. */
    bool (*set)(struct settings *settings, struct slice text);
    const char *(*show)(struct cx *cx, const struct settings *settings);
    const char *values; /* for messages */
    uint32_t parts;     /* of enum settings_part, that it sets */
};

static bool text_is(struct slice text, const char *word)
{
    return slice_equal_folded(text, slice_of(word));
}

static bool parse_bool(struct slice text, bool *out)
{
    static const char *const yes[] = {"true", "on", "1", "yes", "t"};
    static const char *const no[] = {"false", "off", "0", "no", "f"};
    for (size_t i = 0; i < ARRAY_COUNT(yes); i++) {
        if (text_is(text, yes[i])) return *out = true, true;
        if (text_is(text, no[i])) return *out = false, true;
    }
    return false;
}

static const char *show_bool(bool value)
{
    return value ? "true" : "false";
}

static bool set_sqlite_compat(struct settings *s, struct slice text)
{
    bool on;
    if (!parse_bool(text, &on)) return false;
    s->sqlite_compat = on;
    s->null_order = on ? NULLS_SQLITE : NULLS_LAST;
    s->char_length_enforce = !on;
    s->integer_division = true;
    return true;
}
static const char *show_sqlite_compat(struct cx *cx, const struct settings *s)
{
    (void)cx;
    return show_bool(s->sqlite_compat);
}

static bool set_integer_division(struct settings *s, struct slice text)
{
    return parse_bool(text, &s->integer_division);
}
static const char *show_integer_division(struct cx *cx, const struct settings *s)
{
    (void)cx;
    return show_bool(s->integer_division);
}

static bool set_char_length(struct settings *s, struct slice text)
{
    if (!text_is(text, "enforce") && !text_is(text, "ignore")) return false;
    s->char_length_enforce = text_is(text, "enforce");
    return true;
}
static const char *show_char_length(struct cx *cx, const struct settings *s)
{
    (void)cx;
    return s->char_length_enforce ? "enforce" : "ignore";
}

static bool set_null_order(struct settings *s, struct slice text)
{
    static const struct {
        const char *name;
        uint8_t order;
    } names[] = {
        {"nulls_last", NULLS_LAST},   {"nulls last", NULLS_LAST},
        {"nulls_first", NULLS_FIRST}, {"nulls first", NULLS_FIRST},
        {"sqlite", NULLS_SQLITE},     {"nulls_first_on_asc_last_on_desc", NULLS_SQLITE},
        {"postgres", NULLS_POSTGRES}, {"nulls_last_on_asc_first_on_desc", NULLS_POSTGRES},
    };
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (text_is(text, names[i].name)) return s->null_order = names[i].order, true;
    return false;
}
static const char *show_null_order(struct cx *cx, const struct settings *s)
{
    static const char *const names[] = {"nulls_last", "nulls_first", "sqlite", "postgres"};
    (void)cx;
    return names[s->null_order];
}

static bool set_default_order(struct settings *s, struct slice text)
{
    bool desc = text_is(text, "desc") || text_is(text, "descending");
    if (!desc && !text_is(text, "asc") && !text_is(text, "ascending")) return false;
    s->default_desc = desc;
    return true;
}
static const char *show_default_order(struct cx *cx, const struct settings *s)
{
    (void)cx;
    return s->default_desc ? "desc" : "asc";
}

/* Once it is off it stays off. */
static bool set_external_access(struct settings *s, struct slice text)
{
    bool on;
    if (!parse_bool(text, &on) || (on && s->no_external_access)) return false;
    s->no_external_access = !on;
    return true;
}
static const char *show_external_access(struct cx *cx, const struct settings *s)
{
    (void)cx;
    return show_bool(!s->no_external_access);
}

static const char *const rule_names[] = {
#define X(name, text) #name,
    PLAN_RULE_LIST(X)
#undef X
};

static bool rule_bit(struct slice name, uint64_t *out)
{
    for (uint32_t i = 0; i < RULE_COUNT; i++)
        if (text_is(name, rule_names[i])) return *out = UINT64_C(1) << i, true;
    if (!text_is(name, "all")) return false;
    *out = (UINT64_C(1) << RULE_COUNT) - 1;
    return true;
}

static struct slice trim(struct slice s)
{
    while (s.len > 0 && s.data[0] == ' ')
        s.data++, s.len--;
    while (s.len > 0 && s.data[s.len - 1] == ' ')
        s.len--;
    return s;
}

static bool set_disabled_rules(struct settings *s, struct slice text)
{
    uint64_t bits = 0;
    while (text.len > 0) {
        const char *comma = memchr(text.data, ',', text.len);
        size_t len = comma == NULL ? text.len : (size_t)(comma - text.data);
        uint64_t bit;
        struct slice name = trim((struct slice){text.data, len});
        if (name.len != 0 && !rule_bit(name, &bit)) return false;
        if (name.len != 0) bits |= bit;
        size_t step = comma == NULL ? len : len + 1;
        text.data += step;
        text.len -= step;
    }
    s->disabled_rules = bits;
    return true;
}
static const char *show_disabled_rules(struct cx *cx, const struct settings *s)
{
    const char *list = "";
    for (uint32_t i = 0; i < RULE_COUNT; i++) {
        if ((s->disabled_rules & (UINT64_C(1) << i)) == 0) continue;
        list = cx_printf(cx, "%s%s%s", list, *list == '\0' ? "" : ",", rule_names[i]);
        if (list == NULL) return NULL;
    }
    return list;
}

static const struct setting settings_list[] = {
    {"sqlite_compat", set_sqlite_compat, show_sqlite_compat, "true or false",
     SETTINGS_SQLITE_COMPAT | SETTINGS_INTEGER_DIVISION | SETTINGS_CHAR_LENGTH |
         SETTINGS_NULL_ORDER},
    {"integer_division", set_integer_division, show_integer_division, "true or false",
     SETTINGS_INTEGER_DIVISION},
    {"char_length", set_char_length, show_char_length, "enforce or ignore", SETTINGS_CHAR_LENGTH},
    {"default_null_order", set_null_order, show_null_order,
     "nulls_last, nulls_first, sqlite or postgres", SETTINGS_NULL_ORDER},
    {"null_order", set_null_order, show_null_order, "nulls_last, nulls_first, sqlite or postgres",
     SETTINGS_NULL_ORDER},
    {"default_order", set_default_order, show_default_order, "asc or desc", SETTINGS_DEFAULT_ORDER},
    {"external_access", set_external_access, show_external_access,
     "true or false, and false for good", SETTINGS_EXTERNAL_ACCESS},
    {"disabled_rules", set_disabled_rules, show_disabled_rules,
     "names of optimizer rules with commas between, or all", SETTINGS_DISABLED_RULES},
};

/* ---- synchronous: of the database, for all its sessions ---- */

static const char *const synchronous_names[] = {"off", "normal", "full"};

static bool is_synchronous(struct slice name)
{
    return text_is(name, "synchronous");
}

static llkv_code set_synchronous(struct cx *cx, struct database *db, struct slice text, int32_t at)
{
    static const char *const numbers[] = {"0", "1", "2"};
    for (int i = TXN_SYNC_OFF; i <= TXN_SYNC_FULL; i++) {
        if (!text_is(text, synchronous_names[i]) && !text_is(text, numbers[i])) continue;
        database_set_synchronous(db, (enum txn_synchronous)i);
        return LLKV_OK;
    }
    return cx_fail_at(cx, LLKV_DATA, at, "22023", "synchronous is full, normal or off, not '%.*s'",
                      SLICE_ARG(text));
}

/* Of the database, since it was opened. */
static bool is_fixed(struct slice name)
{
    return text_is(name, "threads") || text_is(name, "memory_limit");
}

static const char *show_fixed(struct cx *cx, const struct database *db, struct slice name)
{
    if (text_is(name, "threads")) return cx_printf(cx, "%u", db->threads);
    return cx_printf(cx, "%lld", (long long)db->budget.limit_bytes);
}

static llkv_code refuse_fixed(struct cx *cx, struct slice name, int32_t at)
{
    if (!is_fixed(name)) return LLKV_OK;
    return cx_fail_at(cx, LLKV_UNSUPPORTED, at, NULL,
                      "changing %.*s of an open database is not supported", SLICE_ARG(name));
}

static llkv_code no_setting(struct cx *cx, struct slice name, int32_t at)
{
    llkv_code rc =
        cx_fail_at(cx, LLKV_NAME, at, "42704", "there is no setting \"%.*s\"", SLICE_ARG(name));
    for (size_t i = 0; i < ARRAY_COUNT(settings_list); i++)
        if (slice_edits(slice_of(settings_list[i].name), name) <= 2)
            return cx_hint(cx, "did you mean %s?", settings_list[i].name);
    return rc;
}

static llkv_code find_setting(struct cx *cx, struct slice name, int32_t at,
                              const struct setting **out)
{
    for (size_t i = 0; i < ARRAY_COUNT(settings_list); i++)
        if (text_is(name, settings_list[i].name)) {
            *out = &settings_list[i];
            return LLKV_OK;
        }
    return no_setting(cx, name, at);
}

/* ---- defaults ---- */

static void copy_parts(struct settings *to, const struct settings *from, uint32_t parts)
{
    if (parts & SETTINGS_SQLITE_COMPAT) to->sqlite_compat = from->sqlite_compat;
    if (parts & SETTINGS_INTEGER_DIVISION) to->integer_division = from->integer_division;
    if (parts & SETTINGS_CHAR_LENGTH) to->char_length_enforce = from->char_length_enforce;
    if (parts & SETTINGS_NULL_ORDER) to->null_order = from->null_order;
    if (parts & SETTINGS_DEFAULT_ORDER) to->default_desc = from->default_desc;
    if (parts & SETTINGS_DISABLED_RULES) to->disabled_rules = from->disabled_rules;
    to->no_external_access |= from->no_external_access; /* off for good */
}

/* What the session does not own, from the defaults. */
static void take_defaults(struct session *session)
{
    struct database *db = session->database;
    pthread_mutex_lock(&db->defaults_mutex);
    copy_parts(&session->settings, &db->defaults, SETTINGS_ALL & ~session->own_settings);
    session->defaults_epoch = atomic_load(&db->defaults_epoch);
    pthread_mutex_unlock(&db->defaults_mutex);
    session->settings_epoch++;
}

void session_refresh_settings(struct session *session)
{
    struct database *db = session->database;
    if (session->defaults_epoch == atomic_load_explicit(&db->defaults_epoch, memory_order_acquire))
        return;
    take_defaults(session);
}

static bool set_default(struct database *db, const struct setting *setting, struct slice text)
{
    pthread_mutex_lock(&db->defaults_mutex);
    bool done = setting->set(&db->defaults, text);
    if (done) atomic_fetch_add(&db->defaults_epoch, 1);
    pthread_mutex_unlock(&db->defaults_mutex);
    return done;
}

llkv_code session_set(struct cx *cx, struct session *session, struct slice name,
                      const struct value *value, bool global, int32_t at)
{
    const struct setting *setting;
    struct slice text;
    TRY(refuse_fixed(cx, name, at));
    if (value->is_null) return cx_fail_at(cx, LLKV_DATA, at, "22023", "a setting cannot be NULL");
    TRY(value_to_text(cx, value, &text));
    if (is_synchronous(name)) return set_synchronous(cx, session->database, text, at);
    TRY(find_setting(cx, name, at, &setting));
    struct settings changed = session->settings;
    if (global && set_default(session->database, setting, text)) {
        session_refresh_settings(session);
        return LLKV_OK;
    }
    if (!global && setting->set(&changed, text)) {
        session->settings = changed;
        session->own_settings |= setting->parts;
        session->settings_epoch++;
        return LLKV_OK;
    }
    return cx_fail_at(cx, LLKV_DATA, at, "22023", "%s is %s, not '%.*s'", setting->name,
                      setting->values, SLICE_ARG(text));
}

llkv_code session_reset(struct cx *cx, struct session *session, struct slice name, int32_t at)
{
    const struct setting *setting;
    TRY(refuse_fixed(cx, name, at));
    if (is_synchronous(name)) return set_synchronous(cx, session->database, SLICE("full"), at);
    TRY(find_setting(cx, name, at, &setting));
    session->own_settings &= ~setting->parts;
    take_defaults(session);
    if ((setting->parts & SETTINGS_EXTERNAL_ACCESS) != 0 && session->settings.no_external_access)
        return cx_fail_at(cx, LLKV_DATA, at, "22023", "%s cannot be set back", setting->name);
    return LLKV_OK;
}

void session_reset_all(struct session *session)
{
    session->own_settings = 0;
    take_defaults(session);
}

const char *session_setting_name(uint32_t index)
{
    static const char *const fixed[] = {"memory_limit", "synchronous", "threads"};
    if (index < ARRAY_COUNT(settings_list)) return settings_list[index].name;
    index -= (uint32_t)ARRAY_COUNT(settings_list);
    return index < ARRAY_COUNT(fixed) ? fixed[index] : NULL;
}

llkv_code session_show(struct cx *cx, const struct session *session, struct slice name, int32_t at,
                       const char **out_value)
{
    const struct setting *setting;
    if (is_fixed(name)) {
        *out_value = show_fixed(cx, session->database, name);
        return *out_value == NULL ? LLKV_NOMEM : LLKV_OK;
    }
    if (is_synchronous(name)) {
        *out_value = synchronous_names[atomic_load(&session->database->synchronous)];
        return LLKV_OK;
    }
    TRY(find_setting(cx, name, at, &setting));
    *out_value = setting->show(cx, &session->settings);
    return *out_value == NULL ? LLKV_NOMEM : LLKV_OK;
}
