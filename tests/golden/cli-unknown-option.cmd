$VKEPT run --seeed 1 scenarios
