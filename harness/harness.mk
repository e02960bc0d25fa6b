# The Python package: where `make install` puts it, and what takes it away again. Without python3 the rest is installed.
HAS_PYTHON = command -v $(PYTHON) >/dev/null && $(PYTHON) -c 'import tomllib' 2>/dev/null

.PHONY: install-harness uninstall-harness
install-harness:
	@if $(HAS_PYTHON); then $(PYTHON) harness/install.py "$(DESTDIR)" "$(PREFIX)"; \
	else echo "no python3 of 3.11 or later: the pytest plugin, suites and reports are left out"; fi
uninstall-harness:
	@if $(HAS_PYTHON); then $(PYTHON) harness/install.py --remove "$(DESTDIR)" "$(PREFIX)"; fi
