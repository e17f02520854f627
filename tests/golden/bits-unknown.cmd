$VKEPT bits --as ept RWX
