/* llkv.h -- the whole public API of LLKV, an embedded SQL database over Arrow columns.
 *
 *   engine     one database: a file, memory, or any pager            llkv/engine.h
 *   session    a conversation with it: settings, transaction         llkv/session.h
 *   statement  one prepared statement: bind, step, columns, Arrow    llkv/statement.h
 *   result     what each statement of a script did                   llkv/result.h
 *   pager      where an engine keeps its bytes; write your own       llkv/pager.h
 *   drive      a file of values under keys, without SQL              llkv/drive.h
 *
 * Threads: an engine may be used by any number of threads at once; a session, and everything made
 * from it, by one thread at a time. llkv_session_interrupt() may be called from any thread.
 * Text is UTF-8 everywhere; lengths are in bytes. */
#ifndef LLKV_H
#define LLKV_H
#include "llkv/arrow_abi.h"
#include "llkv/drive.h"
#include "llkv/engine.h"
#include "llkv/pager.h"
#include "llkv/result.h"
#include "llkv/session.h"
#include "llkv/statement.h"
#include "llkv/status.h"
#endif
