VACUUM (x 1) t INTO 'file'
