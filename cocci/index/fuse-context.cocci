// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   fuse_send_write_pages	fuse_fill_write_pages() took one page after the other,
//				from the position of the write on
//
// Leaves: all other functions.

@@
identifier A, B, I, P;
expression N;
@@
 fuse_send_write_pages(struct fuse_io_args *A, struct kiocb *B, struct inode *I, loff_t P, ...)
 {
 <...
- folio_index_ctx(page_folio(ap->pages[N]), CTX_IDX)
+ folio_index_ctx(page_folio(ap->pages[N]), (P >> PAGE_SHIFT) + N)
 ...>
 }
