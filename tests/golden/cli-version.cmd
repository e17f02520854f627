$VKEPT --version
