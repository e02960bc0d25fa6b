# The demonstration: a careless and a careful client meet the same fault. Needs cc and make, nothing else.
.PHONY: demo
demo: all $(BUILD)/targets/naive-line-client $(BUILD)/targets/robust-line-client $(BUILD)/targets/robust-echo-server ## a careless and a careful client meet the same fault
	@sh tests/targets/demo.sh $(BUILD)
