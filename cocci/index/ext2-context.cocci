// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   ext2_add_link	the loop stops at the folio with room for the entry
//
// Leaves: all other functions.

@loop@
expression D;
identifier N;
@@
 ext2_add_link(...)
 {
 <+...
 ext2_get_folio(D, N, ...)
 ...+>
 }

@@
typedef loff_t;
identifier loop.N;
@@
 ext2_add_link(...)
 {
 <...
- (loff_t)CTX_IDX
+ (loff_t)N
 ...>
 }
