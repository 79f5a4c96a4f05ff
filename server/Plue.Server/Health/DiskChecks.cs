using System.Globalization;
using Plue.Server.Codices;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Store;

namespace Plue.Server.Health;

/// <summary>Checks of Plue's data folder: existence, access and space.</summary>
internal sealed class DiskChecks(HealthServices services)
{
    private const long Mebibyte = 1024 * 1024;
    private const long LowSpace = 500 * Mebibyte;
    private const long NoSpace = 20 * Mebibyte;
    private const UnixFileMode GroupAndOtherAccess =
        UnixFileMode.GroupRead
        | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;
    private static readonly string[] NetworkFormats =
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb",
        "smb2",
        "smbfs",
        "afpfs",
        "9p",
        "fuse.sshfs",
        "ceph",
        "afs",
        "webdav",
    ];

    /// <summary>Lists the processes that continue after their window closed; no row without one.</summary>
    public IReadOnlyList<HealthRow> BackgroundWork() =>
        [
            .. new DetachedEntries(services.Paths, services.Platform.CreateLogger("Health"))
                .List()
                .Select(entry =>
                    HealthRow.Ok(
                        "Background work",
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"Process {entry.ProcessId} continues the chats and tasks of a closed window{(entry.Folders is [] ? "" : $" ({string.Join(", ", entry.Folders)})")}."
                        )
                    )
                ),
        ];

    public IReadOnlyList<HealthRow> Folder()
    {
        const string name = "Data folder";
        var home = services.Paths.Home;
        var exists = Directory.Exists(home);
        if (!exists && File.Exists(home))
        {
            return
            [
                HealthRow.Failed(name, $"{home} is a file but must be a folder.") with
                {
                    IsNeeded = true,
                    Advice = "Move the file, or set PLUE_HOME to another folder.",
                },
            ];
        }

        var nearest = exists ? home : NearestFolder(home);
        if (nearest is null || !UnixCalls.IsWritable(nearest))
        {
            return
            [
                HealthRow.Failed(name, $"{home} {(exists ? "is not writable" : "cannot be created")}, so nothing can be saved.") with
                {
                    IsNeeded = true,
                    Advice = $"Make {nearest ?? home} writable for your user, or set PLUE_HOME to another folder.",
                },
            ];
        }

        var drive = IsOnServer(nearest) ? null : new DriveInfo(nearest);
        var free = drive?.AvailableFreeSpace ?? long.MaxValue;
        var space = $"{Amount(free)} are free";
        List<string> reservations = [];
        List<string> advice = [];
        if (free < LowSpace)
        {
            reservations.Add($"Only {Amount(free)} are free.");
            advice.Add("Free some disk space.");
        }

        if (exists && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(home) & GroupAndOtherAccess) != UnixFileMode.None)
        {
            reservations.Add("Other users of this machine can read it.");
            advice.Add($"Run: chmod 700 {home}");
        }

        if (
            drive is null
            || drive.DriveType == DriveType.Network
            || NetworkFormats.Contains(drive.DriveFormat, StringComparer.OrdinalIgnoreCase)
        )
        {
            reservations.Add(
                $"It is on a network file system ({drive?.DriveFormat ?? "a share"}), where a power failure can lose saved data and two machines may not see each other's locks."
            );
            advice.Add("Set PLUE_HOME to a folder on this machine.");
        }

        var where = exists ? $"Your data is stored in {home}." : $"Your data will be stored in {home}, which is created on first use.";
        return free < NoSpace
                ? [HealthRow.Failed(name, $"{where} {reservations[0]} Nothing can be saved.") with { IsNeeded = true, Advice = advice[0] }]
            : reservations.Count > 0
                ? [HealthRow.Warning(name, $"{where} {string.Join(' ', reservations)}") with { Advice = string.Join(' ', advice) }]
            : [HealthRow.Ok(name, $"{where} {space}{(exists && !OperatingSystem.IsWindows() ? ", and only you can read it" : "")}.")];
    }

    public IReadOnlyList<HealthRow> Chats()
    {
        const string name = "Chats";
        if (!Directory.Exists(services.Paths.Chats) && !Directory.Exists(services.Paths.Tasks))
        {
            return [HealthRow.Ok(name, "There are no chats yet.")];
        }

        var (chats, tasks) = (services.Store.Chats.List(), services.Store.Chats.ListTasks());
        var trash = Directory.Exists(services.Paths.Trash) ? Directory.EnumerateFileSystemEntries(services.Paths.Trash).Count() : 0;
        var counts = string.Create(
            CultureInfo.InvariantCulture,
            $"{Plural.Of(chats.Count, "chat")} and {Plural.Of(tasks.Count, "task")}, {trash} in the trash."
        );
        // IDs, because a title is part of the conversation.
        var damaged = chats.Concat(tasks).Where(row => row.Status == ChatStatus.Damaged).Select(row => row.Id).ToList();
        return damaged.Count == 0
            ? [HealthRow.Ok(name, $"{counts} All are readable.")]
            :
            [
                HealthRow.Warning(
                    name,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{counts} {damaged.Count} are partly unreadable: {string.Join(", ", damaged.Take(5))}{(damaged.Count > 5 ? ", …" : "")}."
                    )
                ) with
                {
                    Advice = $"Open them to see the readable part. The damaged parts are stored next to them in {services.Paths.Chats}.",
                },
            ];
    }

    public IReadOnlyList<HealthRow> Settings()
    {
        const string name = "Settings";
        var problems = UserConfig.Read(services.Paths).Problems;
        if (problems.Count == 0)
        {
            return
            [
                HealthRow.Ok(
                    name,
                    File.Exists(services.Paths.Config) ? "The settings are valid." : "All settings have their default value."
                ),
            ];
        }

        var errors = problems.Count(problem => problem.IsError);
        var sentence = $"{services.Paths.Config} is {(errors > 0 ? "partly ignored" : "valid with warnings")}: {problems[0].Message}";
        var row = errors > 0 ? HealthRow.Failed(name, sentence) : HealthRow.Warning(name, sentence);
        return [row with { Advice = "Open the file and fix it.", Fix = new HealthFix(HealthAction.OpenFile, services.Paths.Config) }];
    }

    /// <summary>Checks the organization policy; no row if there is none.</summary>
    public IReadOnlyList<HealthRow> Policy()
    {
        const string name = "Policy";
        var policy = ManagedPolicy.Read(services.Paths);
        return policy.ProblemSentence is { } problem
            ? [HealthRow.Failed(name, problem) with { IsNeeded = true }]
            : [.. policy.Sentences.Select(sentence => HealthRow.Ok(name, sentence))];
    }

    /// <summary>Checks for settings that reduce security below the defaults.</summary>
    public IReadOnlyList<HealthRow> Security()
    {
        const string name = "Safety";
        var settings = new HealthFix(HealthAction.OpenSettings);
        var config = UserConfig.Read(services.Paths);
        List<HealthRow> rows = [];
        if (config.Flag(UserConfig.MaskSecretsKey) == false)
        {
            rows.Add(
                HealthRow.Warning(name, $"Vault keys are not masked in chats ({UserConfig.MaskSecretsKey}).") with
                {
                    Advice = "Turn masking on unless you need to see the keys.",
                    Fix = settings,
                }
            );
        }

        if (config.Flag(UserConfig.CommandsNetworkKey) == true)
        {
            rows.Add(
                HealthRow.Warning(name, $"Commands in the sandbox may use the network ({UserConfig.CommandsNetworkKey}).") with
                {
                    Advice = "Turn it off when you no longer need it.",
                    Fix = settings,
                }
            );
        }

        if (services.Permissions.Rules.List().Count is > 0 and var count)
        {
            rows.Add(
                HealthRow.Ok(
                    name,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{count} {(count == 1 ? "thing is" : "things are")} always allowed by your permission rules."
                    )
                ) with
                {
                    Fix = new HealthFix(HealthAction.ShowRules),
                }
            );
        }

        return rows.Exists(row => row.State != HealthState.Ok) ? rows : [HealthRow.Ok(name, "No setting weakens security."), .. rows];
    }

    /// <summary>True for a Windows path that starts with a server name, which has no drive information.</summary>
    internal static bool IsOnServer(string path) =>
        path.StartsWith(@"\\?\UNC\", StringComparison.OrdinalIgnoreCase)
        || (
            path.StartsWith(@"\\", StringComparison.Ordinal)
            && !path.StartsWith(@"\\?\", StringComparison.Ordinal)
            && !path.StartsWith(@"\\.\", StringComparison.Ordinal)
        );

    private static string? NearestFolder(string path)
    {
        var folder = Path.GetDirectoryName(path);
        while (folder is not null && !Directory.Exists(folder))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder;
    }

    private static string Amount(long bytes) =>
        bytes >= 1024 * Mebibyte
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * Mebibyte):0.0} GB")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes / Mebibyte} MB");
}
