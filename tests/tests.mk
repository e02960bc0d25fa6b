# The tests: what is built for them and what runs them. README names `make test`.

PYTEST := env -u LD_PRELOAD SOCKFAULT_BUILD=$(abspath $(BUILD)) $(PYTHON) -m pytest -q -p no:cacheprovider -n 2

.PHONY: deps test test-snippets
deps: ## install what the tests and checks need (Debian and Ubuntu)
	@tests/install-deps

test-snippets: all snippets ## each libc call in each frame, natively first
	$(PYTEST) tests/snippets
