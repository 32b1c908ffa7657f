"""Exports for other programs: archives of files or passages, edit lists, projects.

============  ====================================================================================
``items``     clips and passages to export, and portable names for their files
``archive``   a ZIP file, generated as it is read
``licences``  the licences that the files state
``edl``       an edit decision list (CMX 3600)
``reaper``    a project of REAPER with each passage as an item
============  ====================================================================================
"""
