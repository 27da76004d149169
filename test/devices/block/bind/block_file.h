/* Binds the suite's parameter to the module, as the mirage command does in an instance. */
#pragma redefine_extname block_info block_file_info
#pragma redefine_extname block_read block_file_read
#pragma redefine_extname block_write block_file_write
#pragma redefine_extname block_flush block_file_flush
#pragma redefine_extname block_discard block_file_discard
