// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   f2fs_convert_inline_page	the super block is that of the inode at hand; the page
//				need not be asked
//
// Leaves: all other functions.

@@
identifier D;
expression P;
@@
 f2fs_convert_inline_page(struct dnode_of_data *D, ...)
 {
 <...
- F2FS_P_SB(P)
+ F2FS_I_SB(D->inode)
 ...>
 }
