$VKEPT walk --variant 'cpl=3 flags=p | w' --step 1 tests/data/cli/matrix.yaml
