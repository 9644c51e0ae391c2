// SPDX-License-Identifier: GPL-2.0
//
// Contexts that the driver must not guess.
//
//   extent_write_cache_pages	notes how far it got before it takes the lock; a folio
//				that is shared since the lookup fails the test of the
//				mapping behind, and the note moves on by one page
//   check_range_has_page	asks if a folio of a batch reaches out of the range that
//				was looked up, which a shared one, of one page, does
//				not: any index will do
//   put_file_data		its local is the index of the lookup
//
// Leaves: all other functions.

@@
identifier D;
struct folio *F;
expression N;
@@
 extent_write_cache_pages(...)
 {
 <...
 D = folio_index_ctx(F,
- CTX_IDX
+ D
 ) + N;
 ...>
 }

@@
identifier S;
expression E, L;
@@
 check_range_has_page(...)
 {
 ...
 const pgoff_t S = E;
 ...
 const pgoff_t end_index = L;
 <...
- CTX_IDX
+ S
 ...>
 }

@@
typedef pgoff_t;
identifier I;
expression E;
@@
 put_file_data(...)
 {
 ...
 pgoff_t I = E;
 <...
- CTX_IDX
+ I
 ...>
 }
