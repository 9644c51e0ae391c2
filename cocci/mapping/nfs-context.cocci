// SPDX-License-Identifier: GPL-2.0
//
// Does what the driver does not: nfs_folio_length() and nfs_fscache_release_folio()
// get the mapping, since it does not see the callers of an inline function of a header.
//
// Leaves: all other functions.

@@
identifier F;
@@
 nfs_folio_length(struct folio *F
+	, struct address_space *mapping
 ) { ... }

@@
expression F;
@@
 nfs_folio_length(F
+	, CTX_MAP
 )

@@
identifier F, G;
@@
 nfs_fscache_release_folio(struct folio *F, gfp_t G
+	, struct address_space *mapping
 ) { ... }

@@
expression F, G;
@@
 nfs_fscache_release_folio(F, G
+	, CTX_MAP
 )
