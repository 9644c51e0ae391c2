// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   xfarray_sort_scan	has just looked the folio up, with a position inside of it
//
// Leaves: all other functions.

@@
typedef loff_t;
identifier P;
@@
 xfarray_sort_scan(...)
 {
 ...
 loff_t P = xfarray_pos(...);
 <...
- (loff_t)CTX_IDX << PAGE_SHIFT
+ round_down(P, PAGE_SIZE)
 ...>
 }
