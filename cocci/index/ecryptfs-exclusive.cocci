// SPDX-License-Identifier: GPL-2.0
//
// ecryptfs's own exceptions: functions that have no index and need none, because no
// shared folio comes their way.
//
//   ecryptfs_read_folio		locked and not uptodate
//   ecryptfs_copy_up_encrypted_with_header, ecryptfs_decrypt_page
//					locked and not uptodate, from read_folio or
//					write_begin
//   ecryptfs_writepage			locked for I/O
//   fill_zeros_to_end_of_page		locked for writing, by write_end
//   ecryptfs_encrypt_page, ecryptfs_write_lower_page_segment
//					from writepage, or has just been written to
//   crypt_extent, lower_offset_for_page  a page of those that encrypt and decrypt
//
// Leaves: all other functions.

@@
identifier fn = { ecryptfs_read_folio, ecryptfs_copy_up_encrypted_with_header,
		  ecryptfs_decrypt_page, ecryptfs_writepage,
		  fill_zeros_to_end_of_page, ecryptfs_encrypt_page,
		  ecryptfs_write_lower_page_segment, crypt_extent,
		  lower_offset_for_page };
struct folio *F;
struct page *P;
@@
 fn(...)
 {
 <...
(
- F->index
+ folio_index_excl(F)
|
- P->index
+ folio_index_excl(page_folio(P))
)
 ...>
 }
