// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   bch2_write_begin	has just looked the folio up, with a position inside of it
//
// Leaves: all other functions.

@@
typedef loff_t;
identifier P;
@@
 bch2_write_begin(..., loff_t P, ...)
 {
 <...
- (loff_t)CTX_IDX << PAGE_SHIFT
+ round_down(P, PAGE_SIZE)
 ...>
 }
