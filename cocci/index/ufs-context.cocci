// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   ufs_add_link	the loop stops at the folio with room for the entry
//
// Leaves: all other functions.

@loop@
expression D;
identifier N;
@@
 ufs_add_link(...)
 {
 <+...
 ufs_get_folio(D, N, ...)
 ...+>
 }

@@
typedef loff_t;
identifier loop.N;
@@
 ufs_add_link(...)
 {
 <...
- (loff_t)CTX_IDX
+ (loff_t)N
 ...>
 }
