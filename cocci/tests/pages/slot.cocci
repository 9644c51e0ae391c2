// SPDX-License-Identifier: GPL-2.0
//
//   toy_compare	only compares

@@
struct folio *F;
identifier S;
@@
 toy_compare(..., pgoff_t S)
 {
 <...
- F->index == S
+ folio_in_slot(F, NULL, S)
 ...>
 }
