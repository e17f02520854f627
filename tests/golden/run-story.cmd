$VKEPT run scenarios/copyio/printf.yaml
