$VKEPT graph --theme dark --step 1 --against 2 scenarios/copyio/printf.yaml
