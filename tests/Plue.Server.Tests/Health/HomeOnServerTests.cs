using Plue.Server.Health;

namespace Plue.Server.Tests.Health;

public class HomeOnServerTests
{
    [Theory]
    [InlineData(@"\\server\home\me\.plue", true)]
    [InlineData(@"\\?\UNC\server\home\me\.plue", true)]
    [InlineData(@"\\?\C:\Users\me\.plue", false)]
    [InlineData(@"\\.\C:\Users\me\.plue", false)]
    [InlineData(@"C:\Users\me\.plue", false)]
    [InlineData("/home/me/.plue", false)]
    public void A_home_on_a_server_of_Windows_is_known_by_its_path(string path, bool isOnServer) =>
        Assert.Equal(isOnServer, DiskChecks.IsOnServer(path));

    [Fact]
    public async Task On_Windows_a_home_on_a_server_is_looked_at_and_named_as_one()
    {
        Assert.SkipUnless(OperatingSystem.IsWindows(), "Only Windows has paths that begin with a server.");
        await using var home = new Testing.PlueHome();
        var share = $@"\\localhost\{home.Folder[0]}${home.Folder[2..]}";
        Assert.SkipUnless(Directory.Exists(share), "This machine does not share its drives with itself.");
        var row = Assert.Single(new DiskChecks(home.Services.Health with { Paths = new(share) }).Folder());
        Assert.Equal(HealthState.Warning, row.State);
        Assert.Contains("network file system", row.Sentence, StringComparison.Ordinal);
    }
}
