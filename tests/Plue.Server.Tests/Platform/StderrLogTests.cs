using Microsoft.Extensions.Logging;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

public sealed class StderrLogTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plue-log-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Two_windows_write_to_one_file_and_no_line_is_lost()
    {
        using var first = new StderrLog(LogLevel.Information, folder, text => text);
        using var second = new StderrLog(LogLevel.Information, folder, text => text);
        string[] text = ["one is long enough to be written over", "two", "three, which is rather long as well", "four"];
        for (var index = 0; index < text.Length; index++)
        {
            (index % 2 == 0 ? first : second).CreateLogger("Plue.Test").LogInformation("{Said}", text[index]);
        }

        var lines = File.ReadAllLines(Path.Combine(folder, "plue.log"));
        Assert.Equal(text.Select(text => $"info: Test: {text}"), lines.Select(line => line[(line.IndexOf(' ') + 1)..]));
    }

    [Fact]
    public void Logging_after_disposal_does_not_throw()
    {
        var log = new StderrLog(LogLevel.Information, folder, text => text);
        var logger = log.CreateLogger("Test");
        logger.LogInformation("before");
        log.Dispose();
        logger.LogInformation("after");
        Assert.Single(File.ReadAllLines(Path.Combine(folder, "plue.log")));
    }
}
