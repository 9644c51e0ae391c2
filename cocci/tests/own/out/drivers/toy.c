// SPDX-License-Identifier: GPL-2.0

void toy_set(struct folio *folio, struct page *page, struct page **pages, int i,
	     struct address_space *mapping)
{
	folio_set_mapping(folio, mapping);
	folio_set_index(folio, i);
	folio_set_mapping(page_folio(page), NULL);
	folio_set_index(page_folio(page), i << 1);
	folio_set_mapping(page_folio(&page[i]), mapping);
	folio_set_index(page_folio(pages[i]), i);
}

int toy_fault(struct vm_fault *vmf, struct ttm_tt *tt, struct nullb_page *t_page,
	      int i)
{
	folio_set_mapping(page_folio(vmf->page), vmf->vma->vm_file->f_mapping);
	folio_set_index(page_folio(vmf->page), vmf->pgoff);
	folio_set_mapping(page_folio(tt->pages[i]), NULL);
	folio_set_index(page_folio(t_page->page), i);
	return 0;
}

pgoff_t toy_get(struct folio *folio, struct page *page, struct page **pages, int i)
{
	if (!folio_mapping_excl(folio) || folio_mapping_excl(page_folio(page)))
		return folio_index_excl(folio) + folio_index_excl(page_folio(page));
	return folio_index_excl(folio) + folio_nr_pages(folio) - folio_index_excl(page_folio(pages[i]));
}

bool toy_other(struct page *page, struct address_space *mapping)
{
	return !folio_in_mapping_excl(page_folio(page), mapping);
}

pgoff_t toy_members(struct nullb_page *t_page, struct nullb_page **t_pages,
		    struct fb_deferred_io_pageref *pageref, int nr)
{
	return folio_index_excl(page_folio(t_page->page)) + folio_index_excl(page_folio(t_pages[nr]->page)) + folio_index_excl(page_folio(pageref->page));
}

/* What is no page keeps its fields. */
void toy_ring(struct toy_ring *ring)
{
	ring->index = ring->mapping ? 0 : 1;
}
