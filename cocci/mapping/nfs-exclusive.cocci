// SPDX-License-Identifier: GPL-2.0
//
// nfs's own exceptions.  Most have a request and no context but by way of it: the
// folio of a write request has it as private data, that of a read request is locked
// since before it was uptodate.
//
//   nfs_vm_page_mkwrite	asks by way of a local whether the locked folio still is
//				in the file: the writer's question, as everywhere
//   nfs_mapping_set_error	folio of a write request
//   nfs_folio_end_writeback	the same
//   nfs_inode_add_request	the same
//   nfs_inode_remove_request	the same
//   nfs_mark_request_dirty	the same
//   nfs_folio_clear_commit	the same
//   nfs_netfs_folio_unlock	folio of a read request, still locked
//
// Leaves: all other functions.

@@
identifier M, I;
struct folio *F;
@@
 nfs_vm_page_mkwrite(...)
 {
 ...
- struct address_space *M;
 ...
- M = F->mapping;
- if (M != I->i_mapping)
+ if (!folio_in_mapping_excl(F, I->i_mapping))
 	goto out_unlock;
 ...
 }

@@
identifier fn = { nfs_mapping_set_error, nfs_folio_end_writeback,
		  nfs_inode_add_request, nfs_inode_remove_request,
		  nfs_mark_request_dirty, nfs_folio_clear_commit,
		  nfs_netfs_folio_unlock };
struct folio *F;
@@
 fn(...)
 {
 <...
(
- F->mapping
+ folio_mapping_excl(F)
|
- folio_mapping(F)
+ folio_mapping_excl(F)
)
 ...>
 }
