$VKEPT maps scenarios/copyio/printf.yaml
