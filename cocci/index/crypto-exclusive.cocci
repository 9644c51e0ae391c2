// SPDX-License-Identifier: GPL-2.0
//
// Functions that meet no shared folio: such a folio is uptodate, clean and not
// encrypted.
//
//   fscrypt_encrypt_pagecache_blocks	under writeback, of an encrypted file
//   fscrypt_decrypt_pagecache_blocks	just read, not yet uptodate, of an encrypted file
//   bh_get_inode_and_lblk_num		has buffers
//
// Leaves: all other functions.

@@
struct page *P;
@@
 fscrypt_encrypt_pagecache_blocks(...)
 {
 <...
- P->index
+ folio_index_excl(page_folio(P))
 ...>
 }

@@
identifier fn = { fscrypt_decrypt_pagecache_blocks, bh_get_inode_and_lblk_num };
struct folio *F;
@@
 fn(...)
 {
 <...
(
- F->index
+ folio_index_excl(F)
|
- folio_pos(F)
+ folio_pos_excl(F)
)
 ...>
 }
