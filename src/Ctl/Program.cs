await Task.Delay(1);
Console.WriteLine(DateTime.UtcNow);
return 0;
