"""What a reader does with the page: cases of page_browser_test.py."""

CASES = ()
