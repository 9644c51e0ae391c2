// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   iomap_write_delalloc_scan	advances its position when it is done with a folio
//
// Leaves: all other functions.

@@
typedef loff_t;
identifier I, N, P;
@@
 iomap_write_delalloc_scan(struct inode *I, loff_t *N, loff_t P, ...)
 {
 <...
- CTX_IDX
+ (P >> PAGE_SHIFT)
 ...>
 }
