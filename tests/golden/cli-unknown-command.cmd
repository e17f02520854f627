$VKEPT rnu scenarios
