-- What no dump of one database holds: made again for a copy on the same server as the scene.
do $$ begin
  execute format('alter database %I set work_mem to ''8MB''', current_database());
  execute format('alter database %I set default_transaction_read_only to off', current_database());
  execute format('alter database %I set my.words to ''it''''s \ "fine"''', current_database());
  execute format('alter role app__ID_ in database %I set search_path to ''''', current_database());
  execute format('alter role tuned__ID_ in database %I set work_mem to ''7MB''', current_database());
  execute format('grant connect on database %I to reader__ID_ with grant option', current_database());
  set session authorization reader__ID_;
  execute format('grant connect on database %I to onlooker__ID_', current_database());
  reset session authorization;
end $$;
