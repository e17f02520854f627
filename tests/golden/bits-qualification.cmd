$VKEPT bits --as qualification 0x182 0x83
