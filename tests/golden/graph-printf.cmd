$VKEPT graph scenarios/copyio/printf.yaml
