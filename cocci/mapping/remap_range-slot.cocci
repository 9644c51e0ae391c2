// SPDX-License-Identifier: GPL-2.0
//
// Readers that lock a folio and ask whether it is still the file's: a shared one is, if
// the slot says so.
//
//   vfs_dedupe_file_range_compare	only compares
//
// Leaves: all other functions.

@@
typedef loff_t;
identifier S, D, SP, DP;
struct folio *A;
struct folio *B;
@@
 vfs_dedupe_file_range_compare(struct file *S, loff_t SP, struct file *D, loff_t DP, ...)
 {
 <...
(
- A->mapping != S->f_mapping
+ !folio_in_slot(A, S->f_mapping, SP >> PAGE_SHIFT)
|
- B->mapping != D->f_mapping
+ !folio_in_slot(B, D->f_mapping, DP >> PAGE_SHIFT)
)
 ...>
 }
