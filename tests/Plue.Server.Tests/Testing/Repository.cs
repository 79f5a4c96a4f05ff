using System.Runtime.CompilerServices;

namespace Plue.Server.Tests.Testing;

/// <summary>The checkout the tests run in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Compares a checked-in file with what it should say; <c>UPDATE=1</c> rewrites it.</summary>
    public static void CheckFile(string relativePath, string expected)
    {
        var path = Path.Combine(Root, relativePath);
        if (Environment.GetEnvironmentVariable("UPDATE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var stream = new FileStream(path, FileMode.Create);
            stream.Write(System.Text.Encoding.UTF8.GetBytes(expected));
            return;
        }

        var actual = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        Assert.True(expected == actual, $"{relativePath} is stale. Run `npm run update` and review the difference.");
    }

    private static string FindRoot([CallerFilePath] string here = "")
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "plue-vscode.sln")))
            {
                return directory.FullName;
            }
        }

        return Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
    }
}
