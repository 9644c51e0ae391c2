// SPDX-License-Identifier: GPL-2.0
//
// Functions that meet no shared folio: such a folio is uptodate, clean and not
// encrypted.
//
//   fscrypt_encrypt_pagecache_blocks	under writeback, of an encrypted file
//   fscrypt_decrypt_pagecache_blocks	just read, not yet uptodate, of an encrypted file
//   bh_get_inode_and_lblk_num		has buffers; jbd2's may lie on memory of slab,
//					which has no mapping
//
// Leaves: all other functions.

@@
struct page *P;
@@
 fscrypt_encrypt_pagecache_blocks(...)
 {
 <...
- P->mapping
+ folio_mapping_excl(page_folio(P))
 ...>
 }

@@
struct folio *F;
@@
 fscrypt_decrypt_pagecache_blocks(...)
 {
 <...
- F->mapping
+ folio_mapping_excl(F)
 ...>
 }

@@
identifier mapping;
struct folio *F;
@@
 bh_get_inode_and_lblk_num(...)
 {
 ...
- mapping = folio_mapping(F);
+ mapping = folio_test_slab(F) ? NULL : folio_mapping_excl(F);
 ...
 }
