// SPDX-License-Identifier: GPL-2.0

void toy_set(struct folio *folio, struct page *page, struct page **pages, int i,
	     struct address_space *mapping)
{
	folio->mapping = mapping;
	folio->index = i;
	page->mapping = NULL;
	page->index = i << 1;
	page[i].mapping = mapping;
	pages[i]->index = i;
}

int toy_fault(struct vm_fault *vmf, struct ttm_tt *tt, struct nullb_page *t_page,
	      int i)
{
	vmf->page->mapping = vmf->vma->vm_file->f_mapping;
	vmf->page->index = vmf->pgoff;
	tt->pages[i]->mapping = NULL;
	t_page->page->index = i;
	return 0;
}

pgoff_t toy_get(struct folio *folio, struct page *page, struct page **pages, int i)
{
	if (!folio->mapping || page->mapping)
		return folio->index + page->index;
	return folio_next_index(folio) - pages[i]->index;
}

bool toy_other(struct page *page, struct address_space *mapping)
{
	return page->mapping != mapping;
}

pgoff_t toy_members(struct nullb_page *t_page, struct nullb_page **t_pages,
		    struct fb_deferred_io_pageref *pageref, int nr)
{
	return t_page->page->index + t_pages[nr]->page->index + pageref->page->index;
}

/* What is no page keeps its fields. */
void toy_ring(struct toy_ring *ring)
{
	ring->index = ring->mapping ? 0 : 1;
}
