SELECT u.id, u.username, u.email,
       x.external_user_id AS xapi_id,
       c.external_user_id AS caliper_id
FROM auth_user u
LEFT JOIN external_user_ids_externalid x ON x.user_id = u.id
     AND x.external_id_type_id = (SELECT id FROM external_user_ids_externalidtype WHERE name = 'xapi')
LEFT JOIN external_user_ids_externalid c ON c.user_id = u.id
     AND c.external_id_type_id = (SELECT id FROM external_user_ids_externalidtype WHERE name = 'caliper');
