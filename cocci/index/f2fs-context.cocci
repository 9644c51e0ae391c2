// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   prepare_write_begin, prepare_atomic_write_begin, f2fs_write_end
//				the folio is the one at pos
//
// Leaves: all other functions.

@@
typedef loff_t;
identifier fn = { prepare_write_begin, prepare_atomic_write_begin, f2fs_write_end };
identifier P;
@@
 fn(..., loff_t P, ...)
 {
 <...
- CTX_IDX
+ P >> PAGE_SHIFT
 ...>
 }
