/* Binds the suite's parameter to the module, as the mirage command does in an instance. */
#pragma redefine_extname block_info block_ramdisk_info
#pragma redefine_extname block_read block_ramdisk_read
#pragma redefine_extname block_write block_ramdisk_write
#pragma redefine_extname block_flush block_ramdisk_flush
#pragma redefine_extname block_discard block_ramdisk_discard
