// SPDX-License-Identifier: GPL-2.0
//
// The page that a struct erofs_buf holds may be one of a regular file: the image that
// is mounted, or the packed inode.  Whether it is the one wanted now can not be told
// by the index that is wanted, nor by a shared folio: the buffer keeps the index at
// which it was found (erofs-by-hand.patch).
//
//   erofs_bread	as a walk, by that index: it has a reference and no lock, and a folio that
//			is shared no more has the index of any of its slots
//
// Leaves: all other functions.

@@
identifier B, X;
struct folio *F;
@@
 erofs_bread(struct erofs_buf *B, ...)
 {
 <...
- !folio_contains(F, X)
+ X - folio_index_at(F, B->index) >= folio_nr_pages(F)
 ...>
 }

@@
identifier B, X;
expression F;
@@
 erofs_bread(struct erofs_buf *B, ...)
 {
 <...
 B->page = folio_file_page(F, X);
+ B->index = X;
 ...>
 }
