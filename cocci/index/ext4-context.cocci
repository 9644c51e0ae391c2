// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   move_extent_per_page	has two indices; folio[0] is the original's
//
// Leaves: all other functions.

@@
identifier F, D, P;
@@
 move_extent_per_page(struct file *F, struct inode *D, pgoff_t P, ...)
 {
 <...
- CTX_IDX
+ P
 ...>
 }
