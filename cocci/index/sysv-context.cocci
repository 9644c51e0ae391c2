// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   sysv_add_link	the loop stops at the folio with room for the entry
//
// Leaves: all other functions.

@loop@
expression D;
identifier N;
@@
 sysv_add_link(...)
 {
 <+...
 dir_get_folio(D, N, ...)
 ...+>
 }

@@
typedef loff_t;
identifier loop.N;
@@
 sysv_add_link(...)
 {
 <...
- (loff_t)CTX_IDX
+ (loff_t)N
 ...>
 }
