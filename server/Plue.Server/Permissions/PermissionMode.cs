namespace Plue.Server.Permissions;

/// <summary>How much a chat or task is asked about.</summary>
public enum PermissionMode
{
    /// <summary>Everything that changes something is asked about.</summary>
    Ask,
    /// <summary>Ordinary files of the workspace are changed without a question; they can be reviewed and taken back.</summary>
    EditFreely,
    /// <summary>Nothing is changed: it reads, and says what it would do.</summary>
    PlanOnly,
}

/// <summary>As fields and settings write it.</summary>
public static class PermissionModes
{
    public const string Field = "permission_mode";

    /// <returns>Null where nothing is said: then it is that of whoever the agent works for, and at the top to ask.</returns>
    public static PermissionMode? Find(string? text) => text switch { null or "" => null, "edit" => PermissionMode.EditFreely, "plan" => PermissionMode.PlanOnly, _ => PermissionMode.Ask };
}
