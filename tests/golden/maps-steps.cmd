$VKEPT maps --step 1 --against 3 scenarios/copyio/printf.yaml
