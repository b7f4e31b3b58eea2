SELECT id AS course_id, display_name FROM course_overviews_courseoverview;
