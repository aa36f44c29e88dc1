//! Which container a cgroup belongs to: engines and drivers nest and name the cgroup differently, but each puts the
//! container's whole id into one part of its path.

/// The id (64 hexadecimal digits) of the container that a cgroup path belongs to, the innermost one where they nest:
/// `/docker/<id>`, `/system.slice/docker-<id>.scope`, `/machine.slice/libpod-<id>.scope/container`.
#[must_use]
pub fn container_id(cgroup: &str) -> Option<&str> {
    cgroup.rsplit('/').find_map(id_of_part)
}

fn id_of_part(part: &str) -> Option<&str> {
    let name = part.strip_suffix(".scope").or_else(|| part.strip_suffix(".service")).unwrap_or(part);
    let (prefix, id) = name.rsplit_once(['-', ':']).unwrap_or(("", name));
    // conmon watches over a podman container and is none itself.
    (is_container_id(id) && !prefix.ends_with("conmon")).then_some(id)
}

/// Whether a text is a container's whole id.
pub(super) fn is_container_id(text: &str) -> bool {
    text.len() == ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// Digits of a container's whole id.
const ID_DIGITS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const OUTER: &str = "1111111111111111111111111111111111111111111111111111111111111111";
    const ID: &str = "3f4be2ac8a1d5f0c9e7b6a5d4c3b2a190807f6e5d4c3b2a1908070605040302f";

    #[test]
    fn every_engine_and_driver_names_the_same_container() {
        for path in [
            format!("/docker/{ID}"),
            format!("/system.slice/docker-{ID}.scope"),
            format!("/docker/{OUTER}/docker/{ID}"),
            format!("/docker/{OUTER}/system.slice/docker-{ID}.scope"),
            format!("/machine.slice/libpod-{ID}.scope"),
            format!("/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{ID}.scope/container"),
            format!("/libpod_parent/libpod-{ID}"),
            format!("/kubepods/burstable/pod4f2d6c4e-5f1c-4f0e-9a52-6a3f1f4e0d11/{ID}"),
            format!(
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod4f2d.slice/cri-containerd-{ID}.scope"
            ),
            format!("/system.slice/containerd.service/kubepods-pod4f2d.slice:cri-containerd:{ID}"),
            format!("/docker/{ID}/init.scope"),
        ] {
            assert_eq!(container_id(&path), Some(ID), "{path}");
        }
    }

    #[test]
    fn what_is_no_container_has_no_id() {
        for path in [
            "/".to_owned(),
            String::new(),
            "/system.slice/docker.service".to_owned(),
            format!("/docker/{}", &ID[..12]),
            format!("/docker/{ID}0"),
            format!("/docker/{}", ID.to_uppercase()),
            format!("/machine.slice/libpod-conmon-{ID}.scope"),
        ] {
            assert_eq!(container_id(&path), None, "{path}");
        }
    }
}
