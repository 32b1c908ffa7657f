"""What leaves a library for other programs: archives of files or passages, edit lists, projects.

============  ====================================================================================
``items``     what is exported, and names for its files that every system takes
``archive``   a ZIP file, made as it is read
``licences``  what the files say about who may use them
``edl``       an edit decision list (CMX 3600)
``reaper``    a project of REAPER with each passage as an item
============  ====================================================================================
"""
